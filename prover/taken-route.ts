import type { ServerResponse } from 'node:http'
import { takenTarget } from '../wire/taken.js'
import type { AuthorizedRequest } from './authorize.js'
import { requestKey } from './generate-route.js'
import { refuse } from './http.js'
import type { RequestRegistry } from './request-registry.js'

/**
 * `POST /v1/generations/{request_id}/taken`: the caller of a request in flight confirms that it was accepted.
 * Stored with the request, to be shown to others who are refused in the meantime.
 */
export function takenRoute(
  { caller, claim, target, raw }: AuthorizedRequest,
  requestId: string,
  res: ServerResponse,
  { registry }: { registry: RequestRegistry },
): void {
  // Those it is shown to verify exactly this.
  if (raw.length > 0 || target !== takenTarget(requestId)) {
    refuse(res, 400, 'invalid_request', 'taken has neither body nor query')
    return
  }
  const generation = registry.inFlight(requestKey(caller, requestId))
  if (generation === null) {
    refuse(res, 404, 'unknown_request', 'you have no request in flight under this id')
    return
  }
  const { signature, nonce } = claim
  generation.taken = { request_id: requestId, caller, nonce: nonce.toString(), signature }
  res.writeHead(204).end()
}
