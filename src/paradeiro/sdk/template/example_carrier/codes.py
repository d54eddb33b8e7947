"""In: nothing; out: the status and reason of each of the carrier's codes, from `codes.csv`."""

from paradeiro.sdk.tables.codes import read_codes

# A code that is not there is `unknown`. The words of statuses and reasons: domain/words.py.
CODES = read_codes(__package__)
