// Loaded before the server: kills the process the moment that a purchase is on record in the state DIE_AT. The log tells of it
// right after the transaction, and is written synchronously.
import fs from 'node:fs';

const state = process.env.DIE_AT;
delete process.env.DIE_AT;
const { writeSync } = fs;
fs.writeSync = (file, text, ...more) => {
  const line = String(text);
  if (line.includes('"event":"purchase"') && line.includes(`"state":"${state}"`))
    process.kill(process.pid, 'SIGKILL');
  return writeSync(file, text, ...more);
};
