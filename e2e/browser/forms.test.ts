/** The forms: their errors, and what is pasted into them. */
import { expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import {
  addKeyByForm,
  button,
  describeInBrowser,
  field,
  focused,
  heading,
  paste,
  signInAs,
  toast,
} from './support/browser.ts';
import { browserKit } from './support/kit.ts';

const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----\n';

describeInBrowser('forms', () => {
  const { url, admin, fresh, newUser, addKey, come, comeAs } = browserKit();

  test('an error goes as soon as its field is corrected, and its field has the focus until then', async () => {
    const taken = fresh('TAKEN');
    await addKey(admin(), taken);
    const page = await comeAs(admin());
    const errors = () => page.locator('.field-error, .form-problem').allInnerTexts();
    await addKeyByForm(page, taken, 'x');
    await expect.poll(errors).toHaveLength(1);
    expect(await focused(page)).toBe('Name');
    await field(page, 'Description').fill('something else');
    expect(await errors()).toHaveLength(1);
    await field(page, 'Name').press('End');
    await page.keyboard.type('2');
    expect(await errors()).toEqual([]);
    expect(await field(page, 'Name').getAttribute('aria-invalid')).toBeNull();
    await field(page, 'Name').fill(taken);
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await expect.poll(errors).toHaveLength(1);
    // A correction without typing.
    await field(page, 'Name').focus();
    await paste(page, `${taken}_3=y`);
    await button(page, 'Discard').click();
    expect(await errors()).toEqual([]);

    await page.goto('about:blank');
    await page.goto(`${url()}/#/users`);
    await button(page, 'Add user').click();
    await field(page, 'User name').fill(fresh('alice'));
    await field(page, 'Initial password').fill('password');
    await page.getByRole('dialog').getByRole('button', { name: 'Add user' }).click();
    await expect.poll(errors).toHaveLength(1);
    await button(page, 'Generate').click();
    expect(await errors()).toEqual([]);
  });

  test('errors of sign-in and of a new password go when the fields change', async () => {
    const { page } = await come();
    const user = await newUser();
    const errors = () => page.locator('.field-error, .form-problem').count();
    await signInAs(page, user.name, 'wrong');
    await expect.poll(errors).toBe(1);
    expect(await focused(page)).toBe('Password');
    await page.keyboard.type('x');
    expect(await errors()).toBe(0);
    await signInAs(page, user.name, user.password);
    await heading(page, 'No keys yet').waitFor();
    await page.goto(`${url()}/#/account`);
    const change = async (current: string, chosen: string, again: string) => {
      await field(page, 'Current password').fill(current);
      await field(page, 'New password').fill(chosen);
      await field(page, 'Confirm new password').fill(again);
      await button(page, 'Change password').click();
      await expect.poll(errors).toBe(1);
    };
    await change(user.password, 'one good password', 'another good password');
    expect(await focused(page)).toBe('Confirm new password');
    await field(page, 'New password').fill('another good password');
    expect(await errors()).toBe(0);
    await change(user.password, 'short', 'short');
    expect(await focused(page)).toBe('New password');
    await page.keyboard.type('x');
    expect(await errors()).toBe(0);
    await change('wrong', 'another good password', 'another good password');
    expect(await focused(page)).toBe('Current password');
    await page.keyboard.type('x');
    expect(await errors()).toBe(0);
  });

  test('a private key keeps the line break at its end', async () => {
    const page = await comeAs(admin());
    const [name, second] = [fresh('DEPLOY'), fresh('DEPLOY')];
    await button(page, 'Add key').click();
    await field(page, 'Name').fill(name);
    await field(page, 'Value').fill(`  ${key}`);
    await page.getByText('The value begins with 2 spaces and ends with a line break.').waitFor();
    await button(page, 'Remove the 2 spaces').click();
    expect(await field(page, 'Value').inputValue()).toBe(key);
    expect(await focused(page)).toBe('Value');
    await page.getByText('Private keys and other files need that.').waitFor();
    expect(await page.getByRole('button', { name: /^Remove/ }).count()).toBe(0);
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await toast(page, `Added ${name}.`);
    await button(page, 'Add key').click();
    await field(page, 'Name').fill(second);
    await field(page, 'Value').fill(key.trimEnd());
    await button(page, 'Add it').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await toast(page, `Added ${second}.`);
    const { token } = admin();
    for (const one of [name, second]) {
      const { body } = await ask<{ api_key: string }>(url(), 'GET', `/keys/${one}`, { token });
      expect(body.api_key).toBe(key);
    }
  });

  test('a pasted file or value never shows in the name field', async () => {
    const page = await comeAs(admin());
    await button(page, 'Add key').click();
    const name = field(page, 'Name');
    await name.focus();
    await paste(page, 'STRIPE_KEY=sk_live_1\nDB_PASSWORD=hunter2\n# and more');
    await page.getByText('These are 2 lines of an .env file.').waitFor();
    expect(await page.content()).not.toMatch(/sk_live_1|hunter2/);
    expect([await name.inputValue(), await field(page, 'Value').inputValue()]).toEqual(['', '']);

    await paste(page, key);
    await page.getByText('it is in the value field now').waitFor();
    expect([await name.inputValue(), await field(page, 'Value').inputValue()]).toEqual(['', key]);
    await paste(page, 'ghp_16C7e42F292c6912E7710c838347Ae178B4a');
    await page.getByText('Nothing was filled in.').waitFor();
    expect([await name.inputValue(), await field(page, 'Value').inputValue()]).toEqual(['', key]);
    await button(page, 'Use it as the name').click();
    expect(await name.inputValue()).toBe('ghp_16C7e42F292c6912E7710c838347Ae178B4a');
    await page.getByText('Names are not encrypted.').waitFor();

    await name.fill('');
    await field(page, 'Value').fill('');
    await name.focus();
    await paste(page, '# Payments\nexport\tSTRIPE_KEY="a # b\\nc" # ours');
    expect([await name.inputValue(), await field(page, 'Value').inputValue()]).toEqual(['STRIPE_KEY', 'a # b\nc']);
    await paste(page, 'OTHER=x');
    await button(page, 'Keep editing').click();
    expect([await name.inputValue(), await field(page, 'Value').inputValue()]).toEqual(['STRIPE_KEY', 'a # b\nc']);
  });
});
