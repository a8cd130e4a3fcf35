// Walks the dashboard as each user does: every page of the menu and what their links lead to, in light and dark, on two
// sizes of screen. Takes a picture of each, and prints as JSON what was wrong.
//   node walk.mjs task.json
// The task: where playwright-core, axe-core and chromium lie, the dashboard's address, a folder for pictures, users
// [{name, password}], sizes [[width, height]], themes, files for the rules tester.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const task = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { chromium } = createRequire(import.meta.url)(task.playwright);
const AXE = readFileSync(join(task.axe, 'axe.min.js'), 'utf8');
const PATIENCE = 60_000; // ms
const GRAVE = ['serious', 'critical'];

// What runs in the page.
const inPage = {
  menu: () => [...document.querySelectorAll('header nav a')].map(link => link.getAttribute('href')),
  links: () => [...document.querySelectorAll('main a[href^="/"]')].map(link => link.getAttribute('href')),
  overflow: () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  look: () => axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations),
};

// pages of one kind are looked at once: /studies/1 stands for /studies/2
const kindOf = path => {
  const [first, ...rest] = new URL(path, task.address).pathname.split('/').slice(1);
  return [first, rest.length, ...rest.filter(part => /^[a-z-]+$/.test(part))].join('/');
};
const nameOf = path => path.split(/[/?]/).filter(Boolean).join('-') || 'overview';
const isPage = path => !/\/(pictures|static|export)\b|\.(csv|json)$/.test(path);

async function signIn(browser, user) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(`${task.address}sign-in`);
  await page.fill('input[name=name]', user.name);
  await page.fill('input[name=password]', user.password);
  await Promise.all([page.waitForURL(task.address), page.press('input[name=password]', 'Enter')]);
  return page;
}

async function atRest(page) {
  await page.waitForLoadState('networkidle');
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
}

async function complaintsOf(page) {
  await page.evaluate(AXE);
  const found = (await page.evaluate(inPage.look)).filter(one => GRAVE.includes(one.impact));
  const overflow = await page.evaluate(inPage.overflow);
  return [
    ...found.map(one => `axe ${one.id}: ${one.nodes.slice(0, 3).map(node => `${node.html.slice(0, 160)} ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ''}`).join(' | ')}`),
    ...(overflow > 0 ? [`the page is ${overflow} px wider than the screen`] : []),
  ];
}

async function visit(page, path, steps) {
  const seen = [];
  for (const theme of task.themes) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [width, height] of task.sizes) {
      await page.setViewportSize({ width, height });
      const complaints = [];
      const told = {
        console: said => said.type() === 'error' && complaints.push(`console: ${said.text()}`),
        pageerror: error => complaints.push(`exception: ${error.message}`),
        request: asked => asked.url().startsWith(task.address) || asked.url().startsWith('data:') || complaints.push(`asks ${asked.url()}`),
      };
      for (const [event, tell] of Object.entries(told)) page.on(event, tell);
      const answer = await page.goto(new URL(path, task.address).href);
      await atRest(page);
      if (answer.status() !== 200) complaints.push(`status ${answer.status()}`);
      await steps?.(page);
      complaints.push(...await complaintsOf(page));
      for (const [event, tell] of Object.entries(told)) page.off(event, tell);
      seen.push({ theme, size: `${width}x${height}`, complaints });
      const name = `${nameOf(path)}-${theme}-${width}.png`;
      await page.screenshot({ path: join(task.pictures, page.role, name), fullPage: true });
    }
  }
  return seen;
}

const give = async page => {
  await page.setInputFiles('input[type=file]:not([webkitdirectory])', task.files);
  await page.waitForSelector('#rules-answer article');
  await page.locator('#rules-answer details summary').first().click();
};

const browser = await chromium.launch({ executablePath: task.chromium, args: ['--no-sandbox'] });
const report = [];
for (const user of task.users) {
  const page = await signIn(browser, user);
  page.role = user.name;
  const menu = await page.evaluate(inPage.menu);
  const waiting = [...menu, '/password'];
  const known = new Set(waiting.map(kindOf));
  while (waiting.length) {
    const path = waiting.shift();
    report.push({ user: user.name, path, seen: await visit(page, path) });
    for (const link of (await page.evaluate(inPage.links)).filter(isPage)) {
      if (!known.has(kindOf(link))) {
        known.add(kindOf(link));
        waiting.push(link);
      }
    }
  }
  if (menu.includes('/rules')) report.push({ user: user.name, path: '/rules?given', seen: await visit(page, '/rules?given', give) });
  await page.context().close();
}
const page = await (await browser.newContext()).newPage();
page.role = 'nobody';
report.push({ user: 'nobody', path: '/sign-in', seen: await visit(page, '/sign-in') });
await browser.close();
console.log(JSON.stringify(report));
