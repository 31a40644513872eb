// How a message looks. Everything that comes in is put into the document as text, never as markup.

const ADDRESS = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g;
const SAFE = new Set(["http:", "https:", "tel:", "mailto:"]);

function make(tag, name, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function safe(address) {
  try {
    const url = new URL(address, location.href);
    return SAFE.has(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

export class Drawing {
  constructor(log, say, does) {
    this.log = log;
    this.say = say;
    this.does = does;
  }

  clear() {
    this.log.replaceChildren();
  }

  mine(text) {
    const bubble = make("div", "bubble mine", make("span", "unseen", `${this.say.you}: `), make("p", "words", text));
    this.log.append(bubble);
    bubble.scrollIntoView({ block: "nearest" });
    return bubble;
  }

  theirs(messages) {
    const drawn = messages.map((message) => this.#message(message));
    const added = drawn.filter((bubble) => !this.#replaced(bubble));
    this.log.append(...added);
    this.#show(added[0]);
  }

  // What is told again and again, as the progress of sending, stands once.
  #replaced(bubble) {
    const name = bubble.dataset.replaces;
    const before = name && this.log.querySelector(`[data-replaces="${CSS.escape(name)}"]`);
    if (before) before.replaceWith(bubble);
    return Boolean(before);
  }

  // What went wrong stands at the message itself, with a way to send it again when that can help.
  trouble(bubble, text, again) {
    const at = bubble || make("div", "bubble mine lost");
    if (!bubble) this.log.append(at);
    const note = make("p", "trouble", text, " ");
    if (again) {
      const button = make("button", "plain", this.say.again);
      button.type = "button";
      button.addEventListener("click", () => (bubble ? again() : (at.remove(), again())));
      note.append(button);
    }
    at.append(note);
    at.scrollIntoView({ block: "nearest" });
  }

  settle(bubble) {
    if (bubble) bubble.querySelectorAll(".trouble").forEach((note) => note.remove());
  }

  // The question and the beginning of its answer are what one reads first: a long answer is not scrolled to its end.
  #show(first) {
    if (!first) return;
    const asked = first.previousElementSibling?.classList.contains("mine") ? first.previousElementSibling : first;
    const top = asked.offsetTop - this.log.offsetTop - 12;
    const bottom = this.log.scrollHeight - this.log.clientHeight;
    this.log.scrollTo({ top: Math.min(top, bottom), behavior: "auto" });
  }

  #message(message) {
    const bubble = make("div", "bubble theirs", make("span", "unseen", `${this.say.bot}: `));
    if (message.replaces) bubble.dataset.replaces = message.replaces;
    const text = message.text || "";
    if (message.title && text.startsWith(message.title)) {
      bubble.append(make("p", "title", message.title));
      this.#words(bubble, text.slice(message.title.length).trimStart());
    } else this.#words(bubble, text);
    if (message.image) bubble.append(this.#image(message.image));
    if (message.venue) bubble.append(this.#venue(message.venue));
    if (message.file) bubble.append(make("p", "", this.#link(message.file.name, message.file.url)));
    if (message.cards.length) bubble.append(make("div", "answer-cards", ...message.cards.map((card) => this.#card(card))));
    const buttons = message.buttons.map((button) => this.#button(button));
    if (message.asks === "place" && !document.getElementById("share").hidden) buttons.unshift(this.#share());
    if (buttons.length) bubble.append(make("div", "ways-on", ...buttons));
    return bubble;
  }

  #words(parent, text) {
    if (!text) return;
    const words = make("p", "words");
    let from = 0;
    for (const found of text.matchAll(ADDRESS)) {
      words.append(text.slice(from, found.index), this.#link(found[0].replace(/^https?:\/\/(www\.)?/, ""), found[0]));
      from = found.index + found[0].length;
    }
    words.append(text.slice(from));
    parent.append(words);
  }

  #card(card) {
    const drawn = make("article", "answer-card", make("h3", "", card.title));
    if (card.image) drawn.append(this.#image(card.image));
    this.#words(drawn, card.text);
    if (card.buttons.length) drawn.append(make("div", "ways-on", ...card.buttons.map((button) => this.#button(button))));
    return drawn;
  }

  #venue(venue) {
    const at = `${venue.latitude},${venue.longitude}`;
    const url = venue.url || `https://www.google.com/maps/dir/?api=1&destination=${at}`;
    const way = this.#link(this.say.directions, url);
    way.classList.add("button");
    return make("div", "venue", make("strong", "", venue.title), make("p", "", venue.address), way);
  }

  // Only our own pictures are loaded: a page of a public service tells nobody else who reads it.
  #image(address) {
    const url = safe(address);
    if (!url || url.origin !== location.origin) return make("p", "", this.#link(this.say.picture, address));
    const image = make("img", "picture");
    image.src = url;
    image.alt = "";
    image.loading = "lazy";
    return image;
  }

  #link(label, address) {
    const url = safe(address);
    if (!url) return make("span", "", label);
    const link = make("a", "", label);
    link.href = url;
    if (url.origin !== location.origin && url.protocol.startsWith("http")) {
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      link.append(make("span", "unseen", ` ${this.say.newTab}`));
    }
    return link;
  }

  #button(button) {
    if (button.url) {
      const link = this.#link(button.label, button.url);
      link.classList.add("chip");
      return link;
    }
    const made = make("button", "chip", button.label);
    made.type = "button";
    made.addEventListener("click", () => this.does.press(button));
    return made;
  }

  #share() {
    const made = make("button", "chip main", this.say.share, make("span", "unseen", `. ${this.say.shareWhy}`));
    made.type = "button";
    made.addEventListener("click", () => this.does.share());
    return made;
  }
}
