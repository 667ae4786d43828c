"""`python -m huiyin.story.schema`: the JSON Schema of story files, for editors and other tools; docs/scenario.schema.json is its output."""

import json
import sys

from huiyin.story.format import Story

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID = "urn:huiyin:scenario"


def schema() -> str:
    """Return the schema as the text of its file."""
    made = {"$schema": DIALECT, "$id": ID} | Story.model_json_schema(by_alias=True)
    return json.dumps(made, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema())
