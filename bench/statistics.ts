// Medians and quantiles of measured figures. Pure.

/** The q-quantile (0..1) by nearest rank; undefined of no values. */
export function quantile (values: number[], q: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(Math.ceil(q * sorted.length) - 1, 0)]
}

/** The middle value, the mean of both where there are two; undefined of no values. */
export function median (values: number[]): number | undefined {
  const low = quantile(values, 0.5)
  const high = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}
