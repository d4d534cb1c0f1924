# Everything runs in .venv, which the first target that needs it makes.
#
#   make demo      classify the pieces in examples/audio
#   make test      every test but the slow ones, as many at a time as there are cores
#   make test-slow the slow ones: many kills, long files, whole trainings
#   make check     lint, types, layers, docstrings, doctests, documentation
#   make docs      write the reference of the command line and build the site into build/docs
#   make model     train the shipped models and spaces again (needs EARMARK_DATA)
#   make results   score the models of others again and write docs/results.md (needs EARMARK_DATA)
#   make examples  compose the pieces in examples/audio again
#   make clean     remove .venv and every cache

PYTHON ?= python3
EARMARK_DATA ?= ../shared/data
export EARMARK_DATA

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

.PHONY: demo test test-slow check docs format model results examples clean

demo: .venv/core
	$(BIN)/earmark warmup
	$(BIN)/earmark classify examples/audio

test: .venv/dev
	$(BIN)/python -m pytest -m "not slow" --numprocesses auto --dist worksteal

test-slow: .venv/dev
	$(BIN)/python -m pytest -m slow

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/lint_docstrings.py
	$(BIN)/python -m pytest -q --doctest-modules --doctest-continue-on-failure src
	$(BIN)/python tools/cli_reference.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

docs: .venv/dev
	$(BIN)/python tools/cli_reference.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

model: .venv/dev
	for name in gtzan57 gtzan943; do \
		$(BIN)/earmark train --dataset gtzan:$(EARMARK_DATA)/gtzan --recipe $$name \
			--output src/earmark/models/shipped/$$name.earmark --overwrite && \
		$(BIN)/python -c "import earmark; print(earmark.load_model('$$name').card, end='')" \
			> docs/models/$$name.md || exit 1; \
	done
	for name in style timbre; do \
		$(BIN)/python -c "from earmark.workflows.spaces import train_space; \
		print(train_space('gtzan:$(EARMARK_DATA)/gtzan', recipe='$$name', overwrite=True, \
		output='src/earmark/models/shipped/$$name.earmark').space.card, end='')" \
			> docs/models/$$name.md || exit 1; \
	done

results: .venv/dev
	$(BIN)/python benchmarks/results_of_seeds.py

examples: .venv/core
	$(BIN)/python examples/compose.py

clean:
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/pip: constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --upgrade pip
	@touch $@

.venv/core: .venv/pip pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

.venv/dev: .venv/core
	$(PIP) --editable '.[dev]'
	@touch $@
