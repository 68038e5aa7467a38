// A thread that says when requests are due. It sleeps in the kernel, which wakes it within some 0.1 ms where timers of an event loop are
// a millisecond late, and leaves its core to the generator meanwhile. It says that it is there, and begins when it is told at what time.
import { parentPort, workerData } from 'node:worker_threads'
import { clockMs } from './clock.ts'
import type { Pace } from './generator.ts'

const { rate, durationMs } = workerData as Pace
const never = new Int32Array(new SharedArrayBuffer(4))
const total = Math.floor(durationMs * rate / 1000)

function pace (startMs: number): void {
  for (let told = 0; told < total;) {
    const waitMs = startMs + told * 1000 / rate - clockMs()
    if (waitMs > 0) Atomics.wait(never, 0, 0, waitMs)
    const due = Math.min(Math.floor((clockMs() - startMs) * rate / 1000) + 1, total)
    if (due > told) parentPort?.postMessage(told = due)
  }
}

parentPort?.once('message', pace)
parentPort?.postMessage('ready')
