"""A check beside those of schemathesis: valid data may be refused for what JSON Schema cannot say, and for nothing else."""

import re

import schemathesis

WHAT_SCHEMAS_CANNOT_SAY = re.compile(
    # Two fields that disagree; a size that is no multiple; decimals of a float.
    "these seconds are|a multiple of|at most three decimals"
    # Bytes are not characters; half a surrogate pair.
    "|bytes \\(100 kB\\) in UTF-8|well-formed Unicode"
    # Who is public.
    "|url is a string of .* it must (be a valid URL|begin with https://\\.|have (its|a) |not (contain|have))"
)


@schemathesis.check
def refuses_valid_data_for_what_schemas_cannot_say(ctx, response, case):
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400:
        return
    problem = response.json()
    if problem["code"] != "limit_exceeded" and not WHAT_SCHEMAS_CANNOT_SAY.search(problem["detail"]):
        raise AssertionError(f"the document allows what was refused: {problem['detail']}")
