import { AUDIT_GPU_PERCENT, CHALLENGE_GPU_PERCENT, TOTAL_GPU_PERCENT } from '../constants.js'

export interface GpuTime {
  /** Blocks of the interval. */
  length: number
  blockMs: number
  gpus: number
  /** Measured time of the model's standard video on one GPU. */
  usPerVideo: number
}

export interface GpuBudget {
  /** Ground truths that fit into the challenges' share. */
  challengeVideos: number
  /** Recomputations that fit into the audits' share. */
  auditVideos: number
  /** What is left of the 90 % for spot checks. */
  spotcheckUs: number
}

/**
 * Divides the verifier's GPU time in an interval: challenges at most 30 %, audits 20 %, spot checks 40 %.
 */
export function gpuBudget({ length, blockMs, gpus, usPerVideo }: GpuTime): GpuBudget {
  const totalUs = length * blockMs * 1000 * gpus
  const share = (percent: number): number => Math.floor((totalUs * percent) / 100)
  const video = Math.max(1, usPerVideo)
  return {
    challengeVideos: Math.floor(share(CHALLENGE_GPU_PERCENT) / video),
    auditVideos: Math.floor(share(AUDIT_GPU_PERCENT) / video),
    spotcheckUs: share(TOTAL_GPU_PERCENT - CHALLENGE_GPU_PERCENT - AUDIT_GPU_PERCENT),
  }
}
