# The front door: one line of work a target. `make` lists them.

VENV := target/venv
IPYKERNEL := $(VENV)/.installed
KERNELCHECK := target/release/kernelcheck

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(KERNELCHECK) $(IPYKERNEL) ## judge the reference kernel, then a real ipykernel in a private venv
	$(KERNELCHECK) run --out target/reports/reference
	JUPYTER_PATH=$(VENV)/share/jupyter $(KERNELCHECK) run python3 --out target/reports/ipykernel || test $$? -ne 4

test: nextest $(IPYKERNEL) ## all tests
	KERNELCHECK_VENV=$(CURDIR)/$(VENV) cargo nextest run --workspace --locked

lint: ## formatting, clippy, licences
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	command -v cargo-deny > /dev/null || cargo install --locked cargo-deny
	cargo deny check bans licenses sources

bench: $(KERNELCHECK) $(IPYKERNEL) ## speed against a bare client, as ratios of one run
	KERNELCHECK_VENV=$(CURDIR)/$(VENV) cargo bench --locked -p kernelcheck --bench traffic

fuzz-self: ## fuzz our own decoders for a minute
	command -v cargo-fuzz > /dev/null || cargo install --locked cargo-fuzz
	cd fuzz/targets && cargo fuzz run --fuzz-dir . -s none decode ../corpus/decode -- -max_total_time=30
	cd fuzz/targets && cargo fuzz run --fuzz-dir . -s none zmtp ../corpus/zmtp -- -max_total_time=30

review: ## accept or reject changed snapshots
	cargo insta review

install: ## kernelcheck for this user
	cargo install --locked --path harness/cli

nextest:
	command -v cargo-nextest > /dev/null || cargo install --locked cargo-nextest --version 0.9.143

$(KERNELCHECK): FORCE
	cargo build --release --locked -p kernelcheck

$(IPYKERNEL): fixtures/kernels/ipykernel.txt
	python3 -m venv $(VENV) && $(VENV)/bin/python -m pip install -q -r $< && touch $@

FORCE:
.PHONY: help run test lint bench fuzz-self review install nextest FORCE
