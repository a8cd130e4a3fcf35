// Opens series of a study in OHIF one after the other as a user does, and prints as JSON what was seen.
//   node open_series.mjs task.json
// The task: where playwright-core and chromium lie, OHIF's address, the study, a folder for pictures, and series:
// [{uid, name, modality, images, hydrate, slices}]. hydrate: load the report's measurements into the panel, as OHIF
// offers. slices: SOP Instance UID of the image on which each mask is looked at.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const task = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { chromium } = createRequire(import.meta.url)(task.playwright);
const PATIENCE = 240_000; // ms: a software renderer on a busy machine takes its time
const SOFTWARE_RENDERER = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader']; // no GPU needed

// What runs in the page. OHIF keeps its services where they can be asked.
const inPage = {
  displaySet: uid =>
    globalThis.services?.displaySetService.getActiveDisplaySets().find(set => set.SeriesInstanceUID === uid)
      ?.displaySetInstanceUID,
  drawn: () => {
    const { activeViewportId } = services.viewportGridService.getState();
    return services.cornerstoneViewportService.getCornerstoneViewport(activeViewportId)?.getCanvas()?.toDataURL();
  },
  shows: set => {
    const { activeViewportId, viewports } = services.viewportGridService.getState();
    return viewports.get(activeViewportId).displaySetInstanceUIDs.includes(set);
  },
  isLoaded: set => services.displaySetService.getDisplaySetByUID(set).isLoaded === true,
  turnTo: index => {
    const { activeViewportId } = services.viewportGridService.getState();
    return services.cornerstoneViewportService.getCornerstoneViewport(activeViewportId).setImageIdIndex(index);
  },
  turnToImage: uid => {
    const { activeViewportId } = services.viewportGridService.getState();
    const viewport = services.cornerstoneViewportService.getCornerstoneViewport(activeViewportId);
    return viewport.setImageIdIndex(viewport.getImageIds().findIndex(id => id.includes(`/instances/${uid}/`)));
  },
  shownImage: () => {
    const { activeViewportId } = services.viewportGridService.getState();
    return services.cornerstoneViewportService.getCornerstoneViewport(activeViewportId).getCurrentImageId();
  },
  stepBack: () => {
    const { activeViewportId } = services.viewportGridService.getState();
    const viewport = services.cornerstoneViewportService.getCornerstoneViewport(activeViewportId);
    viewport.setZoom(0.5);
    viewport.render();
  },
  marks: () => [...document.querySelectorAll('.viewport-element svg text')].map(text => text.textContent).join(' '),
  measurements: set =>
    services.displaySetService.getDisplaySetByUID(set).measurements.map(found => ({
      identifier: found.TrackingIdentifier,
      loaded: found.loaded,
      labels: found.labels.map(({ label, value }) => [label, value]),
    })),
  isOffered: set => services.displaySetService.getDisplaySetByUID(set).isRehydratable === true,
  inPanel: () => services.measurementService.getMeasurements().map(found => found.label ?? ''),
  segments: () =>
    services.segmentationService.getSegmentations().flatMap(found => Object.values(found.segments).map(s => s.label)),
};

const yes = page =>
  page.locator('[data-cy="prompt-begin-tracking-yes-btn"], [data-cy="yes-hydrate-btn"], button:text-is("Yes")').first();

async function atRest(page) {
  let before = null;
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    await page.waitForTimeout(400);
    const now = await page.evaluate(inPage.drawn);
    if (now && now === before) return now;
    before = now;
  }
  throw new Error('the picture does not come to rest');
}

async function openStudy(page) {
  await page.goto(`${task.address}/viewer?StudyInstanceUIDs=${task.study}`, { waitUntil: 'commit' });
  await page.waitForSelector('canvas.cornerstone-canvas');
  await atRest(page);
}

async function openSeries(page, series) {
  const set = await (await page.waitForFunction(inPage.displaySet, series.uid)).jsonValue();
  await page.locator(`#thumbnail-${set}`).dblclick();
  await page.waitForFunction(series.modality === 'OT' ? inPage.shows : inPage.isLoaded, set);
  await atRest(page);
  return set;
}

const look = {
  async OT(page, series, set, seen, picture) {
    for (let index = 0; index < series.images; index += 1) {
      await page.evaluate(inPage.turnTo, index);
      const drawn = await atRest(page);
      seen.images.push({ image: await page.evaluate(inPage.shownImage), drawn });
      await picture(`${index + 1}`);
    }
  },
  async SR(page, series, set, seen, picture) {
    seen.measurements = await page.evaluate(inPage.measurements, set);
    seen.offered = await page.evaluate(inPage.isOffered, set);
    for (let index = 0; index < seen.measurements.length; index += 1) {
      if (index) await page.locator('[data-cy="viewport-action-arrows-right"]').first().click();
      await page.evaluate(inPage.stepBack); // text beside a region that reaches the edge of the picture is cut off
      await atRest(page);
      seen.marks.push(await page.evaluate(inPage.marks));
      await picture(`${index + 1}`);
    }
    if (!series.hydrate) return;
    await openStudy(page); // anew, for OHIF takes its offer back at a click beside it, such as on the arrow
    await openSeries(page, series);
    await yes(page).click();
    await page.waitForFunction(() => services.measurementService.getMeasurements().length);
    await page.locator('[data-cy="trackedMeasurements-btn"]').first().click();
    await atRest(page);
    seen.panel = await page.evaluate(inPage.inPanel);
    await picture('panel');
  },
  async SEG(page, series, set, seen, picture) {
    if (await yes(page).count()) await yes(page).click();
    await page.waitForFunction(() => services.segmentationService.getSegmentations().length);
    seen.segments = await page.evaluate(inPage.segments);
    for (const [index, uid] of series.slices.entries()) {
      await page.evaluate(inPage.turnToImage, uid);
      const drawn = await atRest(page);
      seen.images.push({ image: await page.evaluate(inPage.shownImage), drawn });
      await picture(`${index + 1}`);
    }
    await page.locator('[data-cy="panelSegmentation-btn"]').first().click();
    await atRest(page);
    await picture('panel');
  },
};

async function newPage(browser, tell) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 } });
  await context.addInitScript(() => localStorage.setItem('shownTours', '["basicViewerTour"]')); // lies over the picture
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.setDefaultNavigationTimeout(PATIENCE);
  page.on('pageerror', error => tell(`exception: ${error.stack ?? error}`));
  page.on('console', said => said.type() === 'error' && tell(`console: ${said.text()}`));
  page.on('response', got => got.status() >= 400 && tell(`${got.status()} ${got.url()}`));
  await openStudy(page);
  return page;
}

const browser = await chromium.launch({ executablePath: task.chromium, args: ['--no-sandbox', ...SOFTWARE_RENDERER] });
const report = [];
let page = null;
let faults = [];
for (const series of task.series) {
  faults = [];
  const seen = { name: series.name, faults, images: [], measurements: [], marks: [], panel: [], segments: [] };
  report.push(seen);
  const picture = name => page.screenshot({ path: join(task.pictures, `${series.name}-${name}.png`) });
  try {
    page ??= await newPage(browser, fault => faults.push(fault));
    await look[series.modality](page, series, await openSeries(page, series), seen, picture);
  } catch (error) {
    faults.push(`not shown: ${error.message}`);
    await page?.screenshot({ path: join(task.pictures, `${series.name}-fault.png`) }).catch(() => {});
  }
  if (faults.length) { // what broke the page must not be blamed on the next series
    await page?.context().close();
    page = null;
  }
}
await browser.close();
console.log(JSON.stringify(report));
