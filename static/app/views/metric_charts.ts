/**
 * Which metrics are drawn together, in which order, and how.
 *
 * @module
 */

/** One chart of a run's metrics. */
export interface MetricChart {
  section: string;
  title: string;
  note?: string;
  /** Names of metrics with what they are called in the chart. */
  metrics: readonly (readonly [name: string, label: string])[];
  isShare?: boolean;
  /** Fixed lower end of the y axis. */
  from?: number;
  smooth?: boolean;
  /** What the dashed line is called, if it is not chance. */
  chanceLabel?: string;
}

const losses = "Losses";
const learned = "What is learned";
const optimization = "Optimization";
const batches = "Batches";

/** The order of the sections; what is not known to any chart comes last. */
export const chartSections = [losses, learned, optimization, batches, "Other"] as const;

const known: readonly MetricChart[] = [
  { section: losses, title: "Total", metrics: [["loss.total", "total"]], smooth: true },
  { section: losses, title: "Contrastive", metrics: [["loss.contrastive", "loss"]], smooth: true },
  { section: losses, title: "Correlation", metrics: [["loss.correlation", "loss"]], smooth: true },
  { section: losses, title: "Frame order", metrics: [["loss.order", "loss"]], smooth: true },
  {
    section: learned,
    title: "Accuracy",
    note: "training batches",
    metrics: [["accuracy.correlation", "correlation"], ["accuracy.order", "order"]],
    isShare: true,
    smooth: true,
  },
  {
    section: learned,
    title: "Similarity of pairs",
    note: "training batches",
    metrics: [["similarity.positive", "own speech"], ["similarity.other", "speech of others"]],
    smooth: true,
  },
  { section: optimization, title: "Learning rate", metrics: [["learningRate", "rate"]], from: 0 },
  {
    section: optimization,
    title: "Gradient norm",
    metrics: [["gradientNorm", "norm"]],
    from: 0,
    smooth: true,
  },
  { section: optimization, title: "Temperature", metrics: [["temperature", "temperature"]] },
  {
    section: optimization,
    title: "Throughput",
    metrics: [["stepsPerSecond", "steps/s"]],
    from: 0,
    smooth: true,
  },
  {
    section: batches,
    title: "Speech",
    metrics: [["admittedShare", "admitted"], ["voicedShare", "voiced"]],
    isShare: true,
    from: 0,
    smooth: true,
    chanceLabel: "overall",
  },
  {
    section: batches,
    title: "Admitted by the pace",
    note: "each epoch",
    metrics: [["pace.admittedShare", "admitted"]],
    isShare: true,
    from: 0,
  },
  {
    section: batches,
    title: "Learned affinity",
    note: "each epoch",
    metrics: [["pace.meanAffinity", "mean"], ["pace.affinityDeviation", "deviation"]],
  },
  {
    section: batches,
    title: "Waiting for data",
    metrics: [["dataStallShare", "share of the time"]],
    isShare: true,
    from: 0,
    smooth: true,
  },
];

/**
 * The charts of metrics that were measured; those that no chart knows get one each. Metrics of evaluations are left
 * out: they are drawn from the evaluations, which tell the splits apart.
 */
export function chartsOf(names: readonly string[], evaluated: ReadonlySet<string>): MetricChart[] {
  const measured = new Set(names);
  const drawn = new Set(known.flatMap(({ metrics }) => metrics.map(([name]) => name)));
  const charts = known.filter(({ metrics }) => metrics.some(([name]) => measured.has(name)));
  const others = names.filter((name) => !drawn.has(name) && !evaluated.has(name));
  return [
    ...charts,
    ...others.map((name): MetricChart => ({
      section: "Other",
      title: name,
      metrics: [[name, "value"]],
      smooth: true,
    })),
  ];
}
