"""Measured results as Plotly figures; published ones stand in the leaderboard alone."""
