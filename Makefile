# Every target says what it does: make help
.DEFAULT_GOAL := help
.PHONY: help demo test check lint types contracts docs supply audit chart image catalogue cluster cluster-down test-cluster remedies scenarios bundles bench fuzz lock clean

PY := .venv/bin/python
# In CI pytest shows differences in full, which hides all else.
SHORT := env -u CI -u BUILD_NUMBER $(PY) -m pytest -q -rfE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## set up, and diagnose a recorded incident of a real cluster in the terminal
	@tools/setup demo
	@tools/demo

test: ## set up, and pass the tests (no cluster, no Slack, no root needed)
	@tools/setup dev
	@echo "netmedic: running the tests; those that need a cluster are left to 'make test-cluster'" >&2
	@$(SHORT) -m "not cluster" --tb=short

test-cluster: ## the tests on the real test cluster (../shared/testbed or NETMEDIC_TESTBED; needs root)
	@tools/setup dev
	@# On a busy machine a fault may settle late: what failed has to fail twice. First a line for each, then where.
	@$(SHORT) -m cluster --tb=line || \
	    { echo "netmedic: trying what failed once more" >&2; $(SHORT) -m cluster --tb=short --last-failed --last-failed-no-failures none; }

remedies: ## break and put right everything that can be put right, on the test cluster (half an hour)
	@tools/setup dev
	@NETMEDIC_TEST_ALL_REMEDIES=1 $(SHORT) -m cluster tests/remediation/test_remedies_on_cluster.py

scenarios: ## real incidents on the test cluster (../shared/cases), asked about and judged; ARGS="--third", "--record", or ids
	@tools/setup dev
	@$(PY) -m tests.scenarios $(ARGS)

bundles: ## diagnose the recorded incidents again: tests/bundles/scenarios.yaml
	@tools/setup dev
	@$(PY) -m tests.scenarios.replay

check: lint types contracts docs supply ## linters, types, import contracts, generated pages, secrets, licences

lint:
	@tools/setup dev
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .

types:
	@tools/setup dev
	@$(PY) -m mypy

contracts:
	@tools/setup dev
	@.venv/bin/lint-imports --verbose > .venv/contracts.log || { cat .venv/contracts.log; exit 1; }

docs: ## the generated pages are as the program makes them
	@tools/setup dev
	@$(PY) -m bot.engine.catalogue --check
	@$(PY) -m bot.probes.permissions --check
	@$(PY) -m bot.configuration --check
	@$(PY) -m bot.metrics_page --check
	@tools/helm
	@$(PY) -m tests.helm.identities --check

supply: ## no secret in the repository, and licences that are allowed
	@tools/setup dev
	@$(PY) -m tools.supply

audit: ## known vulnerabilities of the locked packages, with pip-audit; fails where nobody can be asked
	@tools/setup dev
	@tools/audit

chart: ## the Helm chart: lint, a matrix of values, every object against the schemas of Kubernetes
	@tools/setup dev
	@tools/helm
	@$(PY) -m pytest -q -m "not cluster" tests/helm

image: ## the root file system of the image in .cache/image/rootfs, without Docker (Debian 12 or Python 3.11 and gcc)
	@tools/setup demo
	@$(PY) -m tools.image .cache/image/rootfs

catalogue: ## write the generated pages anew
	@tools/setup dev
	@$(PY) -m bot.engine.catalogue
	@$(PY) -m bot.probes.permissions --write
	@$(PY) -m bot.configuration --write
	@$(PY) -m bot playbooks role > helm/netmedic/files/writer-roles.yaml
	@$(PY) -m bot.metrics_page --write
	@tools/helm
	@$(PY) -m tests.helm.identities --write

cluster: ## start the test cluster with the node helper, and print the KUBECONFIG line
	@tools/cluster up

cluster-down: ## remove it
	@tools/cluster down

bench: ## measure: cold start, diagnosis, list speed, engine
	@tools/setup dev
	@$(PY) -m benchmarks

fuzz: ## fuzz the parsers of helpers' texts and answers with atheris, 10 seconds each (Python 3.11 to 3.13)
	@tools/setup dev
	@$(PY) -c 'import atheris' 2>/dev/null || $(PY) -m pip install --quiet --disable-pip-version-check 'atheris>=3,<4'
	@$(PY) -m tests.fuzz --seconds 10

lock: ## pin the dependencies anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links pyproject.toml requirements.in -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links --extra dev pyproject.toml requirements.in -o requirements-dev.lock
	uv pip compile --quiet --python-platform x86_64-manylinux_2_28 --python-version 3.11 --generate-hashes --no-header \
	    --no-annotate --no-emit-index-url --no-emit-find-links --extra postgres pyproject.toml -c requirements-dev.lock \
	    -o requirements-image.lock

clean: ## remove .venv and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
