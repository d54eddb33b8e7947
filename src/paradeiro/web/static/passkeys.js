// Passkeys: makes one on a person's own page, signs in with one. Without scripts its form is not shown.
"use strict";
(() => {
  const form = document.getElementById("passkey");
  if (!form || !window.PublicKeyCredential || !window.fetch) return;
  // A passkey belongs to one host name: elsewhere the browser would refuse.
  const host = form.dataset.host;
  if (!host || (location.hostname !== host && !location.hostname.endsWith(`.${host}`))) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const ids = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));
  const problem = form.querySelector("[role=alert]");
  const say = (words) => { problem.textContent = words; problem.hidden = !words; };

  async function ask() {
    const answer = await fetch(form.dataset.options, { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "same-origin" });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.problem || form.dataset.failed);
    const options = { ...said.options, challenge: bytes(said.options.challenge) };
    form.elements.ticket.value = said.ticket;
    return options;
  }

  async function make(options) {
    options.user = { ...options.user, id: bytes(options.user.id) };
    options.excludeCredentials = ids(options.excludeCredentials);
    const made = await navigator.credentials.create({ publicKey: options });
    return [made, { attestationObject: text(made.response.attestationObject) }];
  }

  async function use(options) {
    options.allowCredentials = ids(options.allowCredentials);
    const used = await navigator.credentials.get({ publicKey: options });
    const { authenticatorData, signature, userHandle } = used.response;
    return [used, { authenticatorData: text(authenticatorData), signature: text(signature), userHandle: userHandle ? text(userHandle) : null }];
  }

  async function send() {
    const [credential, response] = await (form.dataset.makes ? make : use)(await ask());
    response.clientDataJSON = text(credential.response.clientDataJSON);
    form.elements.answer.value = JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
    // What it was proved with need not be sent again.
    if (form.elements.current) form.elements.current.value = "";
    form.submit();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    say("");
    try {
      await send();
    } catch (error) {
      const known = { NotAllowedError: form.dataset.cancelled, AbortError: form.dataset.cancelled, InvalidStateError: form.dataset.there };
      say(known[error.name] || (error.constructor === Error && error.message) || form.dataset.failed);
    }
    button.disabled = false;
  });
  form.closest("section").hidden = false;
})();
