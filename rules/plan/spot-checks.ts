import { type AnswerDrawSource, drawBytes, drawInteger } from '../../formats/draws.js'
import { usOfWork, usPerWork } from '../work-time.js'

/**
 * What an interval may spend on spot checks, and what checking every answer of the previous one would have
 * cost.
 */
export interface SpotCheckRate {
  /** B: microseconds of GPU time. */
  budgetUs: number
  /** C: microseconds, at least 1. */
  costUs: number
}

/**
 * Whether an answer is spot-checked (mechanism.md section 3): the first 8 bytes of its draw, big-endian, are
 * below floor(2^64 · min(B, C) / C). So each answer has the same chance, and no prover can know the draw
 * before it has signed.
 */
export function isSpotChecked(
  source: AnswerDrawSource,
  { budgetUs, costUs }: SpotCheckRate,
): boolean {
  const cost = BigInt(Math.max(1, costUs))
  const budget = BigInt(Math.max(0, budgetUs))
  const spent = budget < cost ? budget : cost
  const bytes = drawBytes(source, 'spotcheck', 8)
  const drawn = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, false)
  return drawn < ((1n << 64n) * spent) / cost
}

/**
 * Which step (1 … steps) and frame (1 … frames) of an answer is to be opened, including the first and the
 * last.
 */
export function drawOpening(
  source: AnswerDrawSource,
  { steps, frames }: { steps: number; frames: number },
): { step: number; frame: number } {
  return {
    step: 1 + drawInteger(source, 'spotcheck/step', steps),
    frame: 1 + drawInteger(source, 'spotcheck/frame', frames),
  }
}

/**
 * What a spot check of a video of this many pixels (frames · width · height) costs, from the certified time,
 * floor(µs · 10^6 / pixels): one step, one frame and the prompts, whatever the number of steps.
 */
export function spotCheckUs(usPerPixel: number, pixels: number): number {
  return usOfWork(usPerPixel, pixels)
}

/** C: what it would cost to spot-check all answers that delivered this many pixels; at least 1. */
export function spotCheckCostUs(usPerPixel: number, pixels: number): number {
  return Math.max(1, spotCheckUs(usPerPixel, pixels))
}

/** The inverse of `spotCheckUs`, at least 1. */
export function spotCheckUsPerPixel(elapsedUs: number, pixels: number): number {
  return Math.max(1, usPerWork(elapsedUs, pixels))
}
