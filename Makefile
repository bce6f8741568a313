# SPDX-License-Identifier: Apache-2.0
# Every target installs what it lacks (cmake/setup.sh) and says what it does.
#   make demo [DATA=folder]    DATA: a folder with accounts.csv, products.csv, sales_pipeline.csv, sales_teams.csv
#   make lint [TIDY=changed]   TIDY: all sources (default), or only those that differ from main
#   make test [ONLY="house python"]   ONLY: some stages instead of all
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON := .venv/bin/python
TIDY ?= all
# Debian's Python first: the one that cmake/setup.sh installs.
SYSTEM_PYTHON = $$(command -v /usr/bin/python3 || command -v python3)

.PHONY: help demo test soak bench lint format clean setup package house

help: ## Print this list.
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

demo: setup package ## Import a small company, run its year and print its reports.
	@cmake/setup.sh venv charts
	@echo "==> demo: running examples/demo/demo.py"
	@$(PYTHON) examples/demo/demo.py $(if $(DATA),--data "$(DATA)")

test: ## Build and run everything that is tested; ends with one line of counts.
	@echo "==> test: installing what is missing"
	@cmake/setup.sh build
	@$(SYSTEM_PYTHON) tests/run.py $(ONLY)

soak: ## Break it for minutes: kill -9, power loss, failing disk and memory, with the full figures.
	@cmake/setup.sh build
	@cmake --preset release -DKITH_TESTS=ON --log-level=WARNING
	@cmake --build --preset release --target kith_tests
	@$(SYSTEM_PYTHON) tests/soak/run.py $(ONLY)

bench: setup ## Build the benchmarks and compare Kith with its anchors.
	@cmake/setup.sh venv bench
	@echo "==> bench: building the benchmarks in build/bench"
	@cmake --preset bench
	@cmake --build --preset bench
	@$(MAKE) --no-print-directory package
	@echo "==> bench: running benchmarks/run.py"
	@$(PYTHON) benchmarks/run.py

lint: ## Check format and habits: clang-format, clang-tidy, ruff, shellcheck.
	@echo "==> lint: installing what is missing"
	@cmake/setup.sh lint
	@cmake/setup.sh venv lint
	@cmake/lint.sh $(TIDY)

format: ## Rewrite C, C++ and Python in the house format.
	@echo "==> format: installing what is missing"
	@cmake/setup.sh lint
	@cmake/setup.sh venv lint
	@cmake/lint.sh format

house: ## Check the house rules only: layers, sizes, headers, words.
	@$(SYSTEM_PYTHON) tests/house/check.py

clean: ## Remove what was built; .venv stays.
	@echo "==> clean: removing build/"
	@rm -rf build

setup:
	@echo "==> setup: installing what is missing"
	@cmake/setup.sh build
	@cmake/setup.sh venv

package:
	@echo "==> package: building Kith and installing it into .venv"
	@cmake/setup.sh package
