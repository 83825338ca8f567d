"""Results as Plotly figures. Published and measured figures never share a chart."""
