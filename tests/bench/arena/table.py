"""What was measured, as a table of one run."""
import statistics


class Samples:
    def __init__(self, values):
        self.values = sorted(values)

    @property
    def median(self):
        return statistics.median(self.values)

    def quantile(self, share):
        return self.values[min(len(self.values) - 1, int(share * len(self.values)))]

    def spread(self):
        if len(self.values) == 1:
            return ""
        return f"{number(self.quantile(0.1))}–{number(self.quantile(0.9))}"


def number(value):
    """Three digits that matter."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


class Table:
    """Rows of one kind of work; the first contestant of each is what the others are a ratio of."""

    def __init__(self, title, unit, with_p99=False):
        self._lines = [f"### {title}", ""]
        tail = ("p99 | " if with_p99 else "")
        median = f"Median, {unit}" if unit else "Median"
        self._lines += [f"| Work | Who | {median} | p10–p90 | {tail}Ratio |",
                        f"|---|---|--:|--:|{'--:|' if with_p99 else ''}--:|"]
        self._with_p99 = with_p99

    def add(self, work, results):
        """`results`: name → list of numbers, or a word where there is none."""
        base = None
        for name, values in results.items():
            if isinstance(values, str):
                self._lines.append(f"| {work} | {name} | {values} | | {'| ' if self._with_p99 else ''}|")
                continue
            samples = Samples(values)
            base = base or samples.median
            p99 = number(samples.quantile(0.99))
            self._lines.append(f"| {work} | {name} | {number(samples.median)} | {samples.spread()} | "
                               f"{p99 + ' | ' if self._with_p99 else ''}{samples.median / base:.2f} |")
            print(f"  {work}: {name}: {number(samples.median)} ({samples.spread()}; p99 {p99}) "
                  f"×{samples.median / base:.2f}", flush=True)

    def text(self):
        return "\n".join(self._lines)
