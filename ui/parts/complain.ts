import { asProblem } from '../api/loaded.ts';
import { notify } from './toast.ts';

/** Reports an error as a toast, for actions without a form. An expired session is reported by the sign-in page instead. */
export const complain = (error: unknown): void => {
  const problem = asProblem(error);
  if (problem.status !== 401) notify({ tone: 'bad', text: problem.message });
};
