"""`huiyin routing`: from an organisation's history of requests to rules that send a request to its department (ADR 0036)."""
