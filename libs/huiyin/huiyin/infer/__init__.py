"""`huiyin pack infer`: from an organisation's history to a draft of its policy pack (ADR 0024)."""
