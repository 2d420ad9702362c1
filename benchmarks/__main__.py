"""Run every measurement: python -m benchmarks."""

from __future__ import annotations

from benchmarks import diagnosis, engine, execs, lists, pictures, recorder, scale, slack, window


def main() -> None:
    """Print all tables, one after the other."""
    for module in (diagnosis, lists, scale, engine, recorder, execs, window, pictures, slack):
        print(f"\n## {module.__name__}\n")
        module.main()


if __name__ == "__main__":
    main()
