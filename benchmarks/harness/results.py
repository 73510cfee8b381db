"""The measures of all repetitions, their medians, and how far they lie apart."""

import collections
import statistics


class Results:
    def __init__(self):
        self.measures = collections.defaultdict(list)  # (cell, server) -> one dictionary a repetition

    def add(self, cell, server, measures):
        self.measures[cell, server].append(measures)

    def has(self, cell, server):
        return bool(self.measures.get((cell, server)))

    def values(self, cell, server, measure):
        return [measures[measure] for measures in self.measures[cell, server]]

    def median(self, cell, server, measure):
        return statistics.median(self.values(cell, server, measure))

    def spread(self, cell, server, measure):
        """Half of the distance from the lowest to the highest, as a share of the median."""
        values = self.values(cell, server, measure)
        middle = statistics.median(values)
        return (max(values) - min(values)) / 2 / middle if middle else 0.0

    def failed(self):
        """Wrong answers by (cell, server), where there were any."""
        sums = {key: sum(each["failed"] for each in measures) for key, measures in self.measures.items()}
        return {key: count for key, count in sums.items() if count}

    def as_json(self):
        return [{"cell": cell, "server": server, "repetitions": all_} for (cell, server), all_ in self.measures.items()]
