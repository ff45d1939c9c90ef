// Streamlit component: the placeholder of a part of the page, which asks for the part when the
// visitor comes near it, reaches it by keyboard, prints, searches the page or follows an anchor.

// Pixels below the visible part of the page at which a part is asked for.
const AHEAD = 200;

// Milliseconds between two looks at whether the page has been drawn.
const POLL = 50;

function isIdle() {
  return document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning";
}

function isPageDrawn() {
  return isIdle() && !document.querySelector("[data-testid=stSkeleton]");
}

function isWhole() {
  return isPageDrawn() && !document.querySelector("[class*=st-key-deferred-]");
}

// Milliseconds after which a part that has not come is asked for again.
const PATIENCE = 4000;

// Milliseconds within which the server, busy as it may be, begins to answer what the browser sent.
const ANSWERING = 6000;

// Milliseconds within which a run begins after the end of another that it waited for.
const BETWEEN_RUNS = 1000;

// Until the server answers, Streamlit calls the page idle. A part that is asked for meanwhile runs
// right after the whole page, and the browser, which gets both at once, then leaves out elements of
// the page. So every message is noted, also that with which an upload begins.
class Messages {
  constructor() {
    this.heldUntil = 0;
    this.wasIdle = true;
    const messages = this;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (...content) {
      messages.hold();
      return send.apply(this, content);
    };
    const attributes = { subtree: true, attributeFilter: ["data-test-script-state"] };
    new MutationObserver(() => isIdle() && this.release()).observe(document.body, attributes);
  }

  hold() {
    this.heldUntil = Date.now() + ANSWERING;
    this.wasIdle = isIdle();
  }

  // What was running when a message left ends by itself, and is no answer to it.
  release() {
    this.heldUntil = this.wasIdle ? 0 : Math.min(this.heldUntil, Date.now() + BETWEEN_RUNS);
    this.wasIdle = true;
  }

  isAwaited() {
    return Date.now() < this.heldUntil;
  }
}

// Streamlit waits for the end of the moment before it sends, and sends what the visitor does until
// then as a part of the same message. So nothing may come between.
function sendAtOnce(change) {
  const later = window.setTimeout;
  window.setTimeout = (send) => send();
  try {
    change();
  } finally {
    window.setTimeout = later;
  }
}

const messages = (window.deferredPartMessages ??= new Messages());

// Milliseconds within which the address is that of the next page after a link was followed.
const LEAVING = 3000;

// Streamlit sends what two fragments ask for at once as one message, and answers one of them only:
// so the placeholders, each of which loads this module anew, take turns. And it returns to the page
// that a visitor leaves when a part of that page is asked for before the browser knows that the next
// one has begun: so no turn begins after a link was followed, while the server works, or while
// placeholders are being removed.
class Turns {
  constructor() {
    this.waiting = [];
    this.hold(0);
    window.addEventListener("popstate", () => this.hold(LEAVING));
    const follow = (event) => event.target.closest?.("a[href]") && this.hold(LEAVING);
    document.addEventListener("click", follow, true);
  }

  hold(milliseconds) {
    this.heldOn = location.pathname;
    this.heldUntil = Date.now() + milliseconds;
  }

  isHeld() {
    return Date.now() < this.heldUntil && location.pathname === this.heldOn;
  }

  add(placeholder) {
    this.waiting.push(placeholder);
    if (this.waiting.length === 1) this.schedule(0);
  }

  remove(placeholder) {
    const wasFirst = this.waiting[0] === placeholder;
    this.waiting = this.waiting.filter((other) => other !== placeholder);
    if (wasFirst) this.schedule(0);
  }

  schedule(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.next(), delay);
  }

  next() {
    clearTimeout(this.timer);
    if (!this.waiting.length) return;
    if (!isIdle() || messages.isAwaited() || this.isHeld()) {
      this.schedule(POLL);
      return;
    }
    this.waiting[0].send();
    this.timer = setTimeout(() => {
      this.waiting.push(this.waiting.shift());
      this.next();
    }, PATIENCE);
  }
}

const turns = (window.deferredPartTurns ??= new Turns());

// A link can be clicked in the very moment in which a part is asked for, and Streamlit then returns
// to the page that was left. So a click after which the page is idle, but still the same one, is
// repeated, once: a click by this program is not trusted.
class FollowedLinks {
  constructor() {
    window.addEventListener("popstate", () => this.forget());
    document.addEventListener("click", (event) => event.isTrusted && this.note(event), true);
  }

  forget() {
    clearTimeout(this.timer);
  }

  note(event) {
    this.forget();
    const link = event.target.closest?.("a[href]");
    const opensElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || link?.target;
    if (!link || opensElsewhere || link.origin !== location.origin) return;
    const left = location.pathname;
    if (link.pathname !== left) this.timer = setTimeout(() => this.check(link, left), LEAVING);
  }

  check(link, left) {
    if (location.pathname !== left) return;
    if (!isIdle()) {
      this.timer = setTimeout(() => this.check(link, left), POLL);
      return;
    }
    const drawnAnew = [...document.links].find((other) => other.href === link.href);
    (link.isConnected ? link : drawnAnew)?.click();
  }
}

window.deferredPartLinks ??= new FollowedLinks();

// Milliseconds for which printing waits for the parts.
const PRINT_PATIENCE = 120000;

// A browser prints what is there at that moment. So what the page itself can notice, Ctrl+P and
// Print in Streamlit's menu, first has every part drawn; another way prints what has been drawn.
class Printing {
  constructor() {
    this.print = window.print.bind(window);
    window.print = () => this.printWhenDrawn();
    document.addEventListener("keydown", (event) => {
      const isWithControl = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
      if (!isWithControl || event.key.toLowerCase() !== "p") return;
      event.preventDefault();
      if (!event.repeat) window.print();
    }, true);
  }

  async printWhenDrawn() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    const end = Date.now() + PRINT_PATIENCE;
    while (!isWhole() && Date.now() < end) {
      window.dispatchEvent(new Event("beforeprint"));
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
    this.isWaiting = false;
    this.print();
  }
}

window.deferredPartPrinting ??= new Printing();

class Placeholder {
  constructor(parent) {
    this.node = document.createElement("button");
    this.node.type = "button";
    this.node.className = "deferred-part";
    parent.append(this.node);
    this.ask = this.ask.bind(this);
    this.onKey = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f") this.ask();
    };
    const root = parent.closest("[data-testid=stMain]");
    this.observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && this.ask(),
      { root, rootMargin: `0px 0px ${AHEAD}px 0px` },
    );
    this.observeWhenDrawn();
    this.node.addEventListener("focus", this.ask);
    this.node.addEventListener("click", this.ask);
    window.addEventListener("beforeprint", this.ask);
    window.addEventListener("hashchange", this.ask);
    document.addEventListener("keydown", this.onKey, true);
  }

  // What is above takes its height when it is drawn; before, every placeholder seems to be near.
  observeWhenDrawn() {
    if (isPageDrawn()) this.observer.observe(this.node);
    else this.timer = setTimeout(() => this.observeWhenDrawn(), POLL);
  }

  update({ title, height }) {
    this.node.textContent = `Show: ${title}`;
    this.node.style.minHeight = `${height}px`;
    if (window.location.hash) this.ask();
  }

  ask() {
    if (this.isAsked) return;
    this.isAsked = true;
    this.node.setAttribute("aria-busy", "true");
    turns.add(this);
  }

  send() {
    sendAtOnce(() => this.api.setTriggerValue("reached", true));
  }

  release() {
    clearTimeout(this.timer);
    this.observer.disconnect();
    window.removeEventListener("beforeprint", this.ask);
    window.removeEventListener("hashchange", this.ask);
    document.removeEventListener("keydown", this.onKey, true);
    this.node.remove();
    turns.remove(this);
  }
}

export default function (component) {
  const parent = component.parentElement;
  parent.placeholder ??= new Placeholder(parent);
  const placeholder = parent.placeholder;
  placeholder.api = component;
  placeholder.update(component.data);
  const turn = (placeholder.turn = (placeholder.turn ?? 0) + 1);
  return () => {
    // A call that was overtaken by a later one is cleaned up too: only the last may end it all.
    if (turn !== placeholder.turn) return;
    placeholder.release();
    if (parent.placeholder === placeholder) parent.placeholder = undefined;
  };
}
