// What every page does: ask with its situation, show the answer, keep the address, run.
"use strict";

const still = matchMedia("(prefers-reduced-motion: reduce)");

class Page {
    // `question(state)` is what to ask, `handles(answer)` what can be held, `shown(answer, state)` what else changes,
    // `moved(page, handle, at)` what a hand does, `added(page, at)` what it puts there, if it may; `made(answer)` how
    // many steps were made, where a page has a button for one more, one for one less and one to run at such a pace;
    // `prepared(state)` what is done before the first answer.
    constructor(parts) {
        Object.assign(this, parts);
        if (this.made) {
            const by = steps => this.go({ step: String(this.made(this.answer) + steps) });
            on("step", "click", () => { this.pause(); by(1); });
            on("run", "click", () => this.run(() => by(1), this.pace));
            on("back", "click", () => { this.pause(); by(-1); });
        }
        this.state = Address.read(this.defaults);
        this.stage = new Stage(document.querySelector(".stage"), (handle, at) => {
            this.pause();
            this.moved(this, handle, at);
        }, at => this.added?.(this, at));
        this.words = document.querySelector(".words");
        this.timer = null;
        Address.changed(() => { this.state = Address.read(this.defaults); this.show(); });
        Library.load().then(async () => {
            await this.prepared?.(this.state);
            new ResizeObserver(() => { if (this.stage.width !== this.width) this.show(); }).observe(this.stage.element);
            this.show();
            document.documentElement.dataset.ready = "yes";
        }).catch(error => this.problem(error));
    }

    // Goes to another situation, which may be refused; then all stays as it is.
    go(change, extra = {}) {
        const before = this.state;
        this.state = { ...this.state, ...change };
        if (!this.show(extra)) this.state = before;
    }

    show(extra = {}) {
        try {
            this.width = this.stage.width;
            this.answer = Library.ask({ ...this.question(this.state), ...extra, width: this.width });
        } catch (error) {
            this.pause();
            this.problem(error);
            return false;
        }
        const { answer } = this;
        this.stage.show(answer.picture, answer.words, this.handles(answer));
        this.words.textContent = answer.words;
        this.words.classList.toggle("problem", Boolean(answer.broken));
        this.settle?.(this, answer);
        this.shown?.(answer, this.state);
        if (this.made) this.offer(answer);
        Address.write(this.state);
        return true;
    }

    // An answer may have fewer steps than were asked for: its run is then at rest.
    offer(answer) {
        this.state.step = String(this.made(answer));
        for (const id of ["step", "run"]) document.getElementById(id).disabled = answer.at_rest;
        document.getElementById("back").disabled = this.made(answer) === 0;
    }

    problem(error) {
        this.words.textContent = sentence(error.message);
        this.words.classList.add("problem");
    }

    // Runs on until it is at rest; at once for readers who want nothing to move.
    run(step, milliseconds) {
        if (this.timer) return this.pause();
        const tick = () => {
            step();
            if (this.answer.at_rest) this.pause();
        };
        if (still.matches) {
            for (let count = 0; count < 400 && !this.answer.at_rest; count++) step();
            return;
        }
        const button = document.getElementById("run");
        this.invitation = button.textContent;
        button.textContent = "Pause";
        this.timer = setInterval(tick, milliseconds);
        tick();
    }

    pause() {
        if (!this.timer) return;
        clearInterval(this.timer);
        this.timer = null;
        document.getElementById("run").textContent = this.invitation;
    }
}

function sentence(text) {
    const words = text.charAt(0).toUpperCase() + text.slice(1);
    return /[.!?]$/.test(words) ? words : `${words}.`;
}

// A control by its id, with what it does.
function on(id, event, act) {
    const element = document.getElementById(id);
    element.addEventListener(event, act);
    return element;
}

// Of two half steps only that whose turn it is can be made, and it shows.
function inTurn(names, { next, at_rest }) {
    for (const name of names) {
        const button = document.getElementById(name);
        button.classList.toggle("next", !at_rest && next === name);
        button.disabled = at_rest || next !== name;
    }
}
