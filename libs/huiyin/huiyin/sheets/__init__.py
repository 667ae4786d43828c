"""Excel files of a site office: units with their owners, and people. What may stand in them: `columns`; the verbs: `command`."""
