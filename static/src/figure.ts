/** A figure as the app's Plotly has it, in what is drawn of it here. */

export type Value = number | string | null;

export interface Trace {
  type: "scatter" | "heatmap";
  x: Value[];
  y: Value[];
  z?: (number | null)[][];
  mode?: string;
  name?: string;
  showlegend?: boolean;
  text?: string[] | string[][];
  /** Where the text of each point stands, such as "top right". */
  textposition?: string[];
  texttemplate?: string;
  hovertemplate?: string;
  hoverinfo?: string;
  customdata?: unknown[];
  line?: { color?: string; width?: number; dash?: string; shape?: string };
  marker?: { color?: string; size?: number | number[]; symbol?: string };
  error_x?: { array: number[]; arrayminus: number[]; color?: string; thickness?: number };
  colorscale?: [number, string][];
  zmin?: number;
  zmax?: number;
}

export interface Axis {
  title?: { text?: string };
  range?: [number, number];
  autorange?: string | boolean;
  side?: string;
  showgrid?: boolean;
  dtick?: number;
  tickvals?: number[];
  ticktext?: string[];
  ticksuffix?: string;
  tickformat?: string;
  tickangle?: number;
}

export interface Figure {
  data: Trace[];
  layout: { height?: number; xaxis?: Axis; yaxis?: Axis };
}
