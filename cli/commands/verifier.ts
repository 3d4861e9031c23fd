import { roleCommand } from '../role.js'

export const verifierCommand = roleCommand(
  'verifier',
  'run a verifier: intervals, verdicts, tiers and weights',
  async () => {
    const { runVerifier, VERIFIER_OPTIONS } = await import('../../workers/roles/verifier.js')
    return { options: VERIFIER_OPTIONS, run: runVerifier }
  },
)
