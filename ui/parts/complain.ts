import { asProblem } from '../api/loaded.ts';
import { notify } from './toast.ts';

/** Says what went wrong where there is no form to say it in. That a session ended is said by the sign-in that follows. */
export const complain = (error: unknown): void => {
  const problem = asProblem(error);
  if (problem.status !== 401) notify({ tone: 'bad', text: problem.message });
};
