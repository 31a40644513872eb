"""The pages in a real Chromium: what a person with a mouse, a keyboard, a small screen or no script gets."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright, expect
from pydantic import SecretStr

from bot.app import Application
from bot.pages import add_pages
from bot.settings import Settings
from handlers.talk.message import Message, Place, Press
from tests.fakes.desk import FakeDesk
from tests.sample_catalogue import FOLDER

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = ["/", "/chat", "/catalogue", "/map", "/p/che-duoi-tan-hoi", "/s/LS-SR-006", "/p/nothing"]

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: the pages were not looked at"),
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> FakeDesk:
    return FakeDesk()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def home(desk: FakeDesk) -> AsyncIterator[str]:
    """The address of the running pages."""
    app = web.Application()
    add_pages(app, desk)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser, home: str, desk: FakeDesk) -> AsyncIterator[BrowserContext]:
    """A fresh person with a telephone; at the end nothing may have gone wrong or elsewhere."""
    desk.seen.clear()
    opened = await browser.new_context(
        base_url=home, viewport={"width": 375, "height": 720}, locale="vi-VN", reduced_motion="reduce"
    )
    hosts: set[str] = set()
    wrong: list[str] = []
    opened.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    opened.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
    opened.on("weberror", lambda error: wrong.append(str(error.error)))
    yield opened
    await opened.close()
    assert {host.partition(":")[0] for host in hosts} <= {"127.0.0.1"}
    assert [text for text in wrong if not text.startswith("Failed to load resource")] == []


@pytest_asyncio.fixture(loop_scope="module")
async def page(context: BrowserContext) -> Page:
    opened = await context.new_page()
    opened.set_default_timeout(5_000)
    return opened


async def greeted(page: Page, path: str = "/") -> None:
    await page.goto(path)
    await expect(page.get_by_role("log")).to_contain_text("Chào bạn!")


async def ask(page: Page, text: str) -> None:
    await page.get_by_label("Câu hỏi của bạn").fill(text)
    await page.get_by_role("button", name="Gửi", exact=True).click()


async def test_the_page_greets_and_answers(page: Page, tmp_path: Path) -> None:
    await greeted(page)
    await ask(page, "che")
    log = page.get_by_role("log")
    await expect(log.get_by_role("heading", name="Chè dưới tán hồi")).to_be_visible()
    await expect(page.get_by_label("Câu hỏi của bạn")).to_have_value("")
    await expect(log).to_have_attribute("aria-live", "polite")
    picture = await page.screenshot(path=tmp_path / "home.png", full_page=True)
    assert len(picture) > 10_000


async def test_a_quick_reply_sends_its_action(page: Page, desk: FakeDesk) -> None:
    await greeted(page)
    await page.get_by_role("button", name="Gần tôi").click()
    await expect(page.get_by_role("log")).to_contain_text("Bạn đang ở đâu?")
    assert desk.seen[-1].content == Press("near")
    assert desk.seen[-1].chat == desk.seen[0].chat


async def test_a_position_is_asked_for_only_on_a_press(
    page: Page, context: BrowserContext, desk: FakeDesk
) -> None:
    await context.grant_permissions(["geolocation"])
    await context.set_geolocation({"latitude": 21.846, "longitude": 106.757})
    await greeted(page)
    assert not any(isinstance(seen.content, Place) for seen in desk.seen)
    share = page.locator("#share")
    await expect(share).to_have_accessible_description("Chỉ dùng một lần để trả lời, không lưu lại.")
    await share.click()
    directions = page.get_by_role("log").get_by_role("link", name="Chỉ đường")
    await expect(directions).to_be_visible()
    assert "destination=21.85437,106.75224" in (await directions.get_attribute("href") or "")
    assert desk.seen[-1].content == Place(21.846, 106.757)
    kept = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "21.846" not in kept


async def test_progress_stands_once_and_the_newest_counts(page: Page, desk: FakeDesk) -> None:
    await greeted(page)
    log = page.get_by_role("log")
    chat = await page.evaluate("localStorage.getItem('chat')")

    async def told(*messages: Message) -> None:
        desk.waits["web", chat] = list(messages)
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    await told(Message("Đang gửi: 10", replaces="announcement-1"))
    await expect(log).to_contain_text("Đang gửi: 10")
    await told(Message("Tin khác."), Message("Đang gửi: 20", replaces="announcement-1"))
    await expect(log).to_contain_text("Tin khác.")
    await expect(log).to_contain_text("Đang gửi: 20")
    await expect(log).not_to_contain_text("Đang gửi: 10")
    await page.reload()
    await expect(log).to_contain_text("Đang gửi: 20")
    await expect(log).not_to_contain_text("Đang gửi: 10")


async def test_a_refused_position_offers_typing(page: Page) -> None:
    await greeted(page)
    await page.evaluate(
        "() => { navigator.geolocation.getCurrentPosition = (_, failed) => failed({ code: 1 }); }"
    )
    await page.locator("#share").click()
    await expect(page.get_by_role("status")).to_contain_text("gõ tên xã, phường")
    await expect(page.get_by_label("Câu hỏi của bạn")).to_be_focused()


async def test_a_failed_message_is_kept_and_answered_once_when_sent_again(page: Page, desk: FakeDesk) -> None:
    await greeted(page)
    bodies: list[str] = []

    async def broken(route: Route) -> None:
        bodies.append(route.request.post_data or "")
        await route.abort()

    await page.route("**/api/chat", broken)
    await ask(page, "na Chi Lăng")
    log = page.get_by_role("log")
    await expect(log).to_contain_text("Chưa gửi được.")
    await expect(log).to_contain_text("na Chi Lăng")
    await page.unroute("**/api/chat")
    page.on("request", lambda request: bodies.append(request.post_data or ""))
    await log.get_by_role("button", name="Gửi lại").click()
    await expect(log.get_by_text("Chưa gửi được.")).to_have_count(0)
    await expect(log.locator(".theirs")).to_have_count(2)
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]


async def test_the_keyboard_is_enough(page: Page, desk: FakeDesk) -> None:
    await greeted(page)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Đến thẳng nội dung")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == "words":
            break
    await page.keyboard.type("che")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("Tìm thấy")
    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_role("button", name="Xem").last).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("Chưa rõ ý bạn.")
    assert isinstance(desk.seen[-1].content, Press)


async def test_the_conversation_is_there_after_another_page(page: Page, desk: FakeDesk) -> None:
    await greeted(page)
    await ask(page, "che")
    await expect(page.get_by_role("log")).to_contain_text("Tìm thấy")
    await page.goto("/catalogue")
    before = len(desk.seen)
    await greeted(page)
    await expect(page.get_by_role("log")).to_contain_text("Tìm thấy")
    assert len(desk.seen) == before
    await page.get_by_role("button", name="Bắt đầu lại").click()
    await expect(page.get_by_role("log")).not_to_contain_text("Tìm thấy")
    await expect(page.get_by_role("log")).to_contain_text("Chào bạn!")


async def test_a_deep_link_is_handed_on_once(page: Page, desk: FakeDesk) -> None:
    await greeted(page, "/?start=p_na")
    assert getattr(desk.seen[-1].content, "start", None) == "p_na"
    assert "start" not in page.url


async def test_markup_in_a_message_stays_text(page: Page) -> None:
    await greeted(page)
    await ask(page, "<img src=x onerror=alert(1)>")
    await expect(page.get_by_role("log")).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(page.get_by_role("log").locator("img")).to_have_count(0)


async def test_without_script_there_is_a_way_to_the_lists(browser: Browser, home: str) -> None:
    context = await browser.new_context(base_url=home, java_script_enabled=False, locale="vi-VN")
    page = await context.new_page()
    await page.goto("/chat")
    await expect(page.get_by_label("Câu hỏi của bạn")).to_be_hidden()
    await page.get_by_role("link", name="Tất cả sản phẩm và giấy chứng nhận").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sản phẩm")
    await page.get_by_label("Nhóm").select_option("beverages")
    await page.get_by_role("button", name="Lọc").click()
    await expect(page.get_by_role("link", name="Rượu men lá Hữu Lễ")).to_be_visible()
    await context.close()


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_scrolls_sideways_at_320_pixels(page: Page, path: str) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})
    for tag in ("vi", "en"):
        await page.goto(f"{path}?lang={tag}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest_asyncio.fixture(loop_scope="module")
async def program(tmp_path: Path) -> AsyncIterator[Application]:
    """The real program on an empty database, with the sample registry, on a fixed day."""
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db",
        data_dir=str(FOLDER),
        port=0,
        bot_now="2026-11-24T10:00+07:00",
        public_url="",
        telegram_token=SecretStr(""),
    )
    made = Application(settings)
    await made.prepare()
    await made.start()
    yield made
    await made.stop()


async def test_the_real_program_answers_in_the_browser(context: BrowserContext, program: Application) -> None:
    page = await context.new_page()
    await page.goto(program.address)
    answers = page.get_by_role("log").locator(".theirs")
    await expect(answers).to_have_count(1)
    await ask(page, "na chi lang con han khong")
    await expect(answers.last).to_contain_text("Na")
    asked = await answers.count()
    await answers.last.get_by_role("button").first.click()
    await expect(answers).not_to_have_count(asked)
    await page.goto(f"{program.address}/catalogue?state=expired&lang=en")
    assert "★" not in await page.get_by_role("main").inner_text()
    body = {"chat": "c", "id": "1", "text": "honey near Tam Thanh cave", "language": "en"}
    first, second = [
        await (await context.request.post(f"{program.address}/api/chat", data=body)).json() for _ in range(2)
    ]
    assert first == second
    assert first["messages"]


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
  };
  const mix = (top, under, i) => top[i] * top[3] + under[i] * (1 - top[3]);
  const over = (top, under) => [0, 1, 2].map((i) => mix(top, under, i)).concat(1);
  const style = (element) => getComputedStyle(element);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => (element
    ? over(rgba(style(element).backgroundColor), behind(element.parentElement))
    : [255, 255, 255, 1]);
  const poor = [];
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('svg, .unseen, .skip, noscript, option') || !element.checkVisibility()) continue;
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    const ground = behind(element);
    const words = light(over(rgba(style(element).color), ground));
    const [dark, bright] = [words, light(ground)].sort((x, y) => x - y);
    const ratio = (bright + 0.05) / (dark + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${element.className} ${element.textContent}`);
  }
  return poor;
}"""
"""Every text whose contrast with what lies behind it is below 4.5 : 1 (WCAG 2.2, 1.4.3)."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_has_contrast(page: Page, scheme: str) -> None:
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for path in PAGES:
        await page.goto(path)
        if path in {"/", "/chat"}:
            await expect(page.get_by_role("log")).to_contain_text("Chào bạn!")
            await ask(page, "che")
            await expect(page.get_by_role("log")).to_contain_text("Tìm thấy")
        assert await page.evaluate(CONTRAST) == []
