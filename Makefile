# Paradeiro. `make up` starts it, `make test` proves it; both make what they need first.
.PHONY: env up demo test quick check format sbom
.DEFAULT_GOAL := up

env: ## the environment: .venv/bin/paradeiro
	@sh scripts/env.sh

up: env ## database, migrations, API, pages and workers; against the simulated world until real accounts are there
	@exec .venv/bin/paradeiro up

demo: env ## days in seconds; for example: make demo ARGS="--packages 200 --days 12 --seed 7"
	@exec .venv/bin/paradeiro demo $(ARGS)

# The tests start hundreds of processes: none of them shall compile what the one before has compiled.
test: export PYTHONDONTWRITEBYTECODE =
test: env ## everything; for a part: make test ARGS="tests/domain -x"
	@sh scripts/chromium.sh
	.venv/bin/pytest -n 3 --dist worksteal $(ARGS)

quick: export PYTHONDONTWRITEBYTECODE =
quick: env ## the thinking (domain, parse, render, conformance) and one story from the carrier to the mail
	.venv/bin/pytest -n 2 --dist worksteal tests/domain tests/connectors tests/sdk tests/test_connectors.py \
		"tests/stories/test_stories.py::test_story[sedex_delivered_next_day]" $(ARGS)

check: env ## lint, format, types, import contracts, house rules, what the documentation names, lock file, known weaknesses
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/pytest tests/test_house.py tests/test_docs.py
	.uv/bin/uv lock --check
	@sh scripts/audit.sh

format: env ## what the formatter and the safe fixes can mend
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

sbom: env ## sbom.json: every package that runs, with version and hashes (CycloneDX)
	@.uv/bin/uv export --quiet --frozen --no-dev --format cyclonedx1.5 --output-file sbom.json >/dev/null
	@echo sbom.json
