"""What every service shares: facts, policy schema, time, store, bus, web, errors. Nothing here knows a case rule or a service."""
