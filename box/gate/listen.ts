import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperatorError } from '../../core/operator-error.ts';
import { sentences } from '../../core/settings/messages.ts';
import type { Settings } from '../../core/settings/settings.ts';
import { createGate, createShared, type GateOptions } from './gate.ts';

/**
 * Opens a gate on every address of the settings, on one port; port 0 means a free one.
 *
 * @param gates the open gates are added to it; the caller closes them, also after an error.
 * @returns the port.
 * @throws OperatorError if the port is in use, or this user or machine cannot listen there.
 */
export async function listen(settings: Settings, options: GateOptions, gates: Server[]): Promise<number> {
  let { port } = settings;
  const shared = createShared(options);
  for (const host of settings.hosts) {
    const gate = createGate(options, shared);
    try {
      gate.listen(port, host);
      await once(gate, 'listening');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A machine without IPv6 has no ::1 and does not need one.
      if (gates.length > 0 && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) continue;
      throw listenError(code, host, port);
    }
    gates.push(gate);
    port = (gate.address() as AddressInfo).port;
  }
  return port;
}

function listenError(code: string | undefined, host: string, port: number): OperatorError {
  if (code === 'EADDRINUSE') {
    return new OperatorError(sentences.portTaken(port, 'npm start'));
  }
  if (code === 'EACCES') {
    return new OperatorError(`This user may not listen on port ${port}. Set PORT to a number above 1023.`);
  }
  return new OperatorError(`Cannot listen on ${host}:${port} (${code}). Set HOST to an address of this machine.`);
}
