// The server's health for the pictures: a backup that is late and a job that failed.
import type { Job } from '$ui/wire/Job';
import type { JobRun } from '$ui/wire/JobRun';
import type { ServerHealth } from '$ui/wire/ServerHealth';

const HOUR = 3_600_000;

export function fakeHealth(): ServerHealth {
  const now = Date.now();
  const run = (job: Job, ago: number, took: number, rest: Partial<JobRun> = {}): JobRun => ({ job, at: now - ago, took, good: now - ago, trouble: '', late: false, ...rest });
  return {
    version: '0.1.0',
    engine: 'sqlite',
    database: 86 * 1024 ** 2,
    room: 212.4 * 1024 ** 3,
    room_little: false,
    waiting: 0,
    jobs: [
      run('contacts', 20_000, 3),
      run('lapses', 20_000, 41),
      run('moves', 20_000, 2),
      run('anchor', 20_000, 0),
      run('tidy', 20_000, 1),
      run('backup', 31 * HOUR, 48_200, { late: true }),
      run('doctor', 4 * HOUR, 9_100, { good: now - 9 * 24 * HOUR, trouble: '1 found', late: true }),
    ],
  };
}
