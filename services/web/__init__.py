"""The live page: one page that moves as events arrive. Served by the API process.

Invariants: no build step, nothing from other hosts, everything escaped (the page is text set by the DOM,
never HTML put together); amounts travel to the browser as strings of minor units, because JavaScript's
numbers are floats.
"""
