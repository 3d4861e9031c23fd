import { Client, Connection } from '@temporalio/client'
import type { TemporalAddress } from './address.js'

/**
 * A client for processes that serve people: a call fails immediately while Temporal is down, and works within
 * two seconds of its return. (By default, calls are retried for a minute, even after the connection was
 * closed, which then crashes the process; and gRPC reconnects ever more rarely, up to once in two minutes.)
 * It connects at the first call. Close it with `client.connection.close()`.
 */
export function openTemporalClient({
  address,
  namespace,
  tls,
  apiKey,
  dataConverter,
}: TemporalAddress): Client {
  const connection = Connection.lazy({
    address,
    tls: tls ?? false,
    ...(apiKey === undefined ? {} : { apiKey }),
    interceptors: [],
    channelArgs: {
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 2000,
    },
  })
  return new Client({
    connection,
    namespace,
    ...(dataConverter === undefined ? {} : { dataConverter }),
  })
}
