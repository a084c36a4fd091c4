"use strict";
// Shows /api/openapi.json. Everything is built with DOM nodes; no text from the document becomes markup.

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEPTH = 6;
const MANY = 24;
const FEW = 6;
let spec = {};

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const nameOf = (schema) => schema.$ref?.split("/").pop();
const resolve = (schema) => (schema.$ref ? { ...spec.components.schemas[nameOf(schema)], ...schema } : schema);

function alternatives(schema) {
  const all = schema.anyOf ?? schema.oneOf;
  return all ? all.flatMap((part) => alternatives(part)) : [schema];
}

function limits(schema) {
  const shown = { minimum: "≥ ", maximum: "≤ ", exclusiveMinimum: "> ", exclusiveMaximum: "< ", minLength: "length ≥ ",
    maxLength: "length ≤ ", minItems: "items ≥ ", maxItems: "items ≤ ", pattern: "" };
  const found = Object.entries(shown).filter(([key]) => schema[key] !== undefined).map(([key, sign]) => sign + schema[key]);
  if (schema.default !== undefined && schema.default !== null) found.push("default " + JSON.stringify(schema.default));
  return found.length ? "  " + found.join(", ") : "";
}

function words(values) {
  const shown = values.slice(0, values.length > MANY ? FEW : MANY).map((value) => JSON.stringify(value)).join(" | ");
  return values.length > MANY ? `${shown} | … (${values.length} words)` : shown;
}

function describe(schema) {
  return alternatives(schema).map((part) => {
    const full = resolve(part);
    const values = full.enum ?? (full.const !== undefined ? [full.const] : undefined);
    if (values) return words(values);
    if (full.type === "array") return `list of ${describe(full.items ?? {})}` + limits(full);
    const kind = [full.type ?? "any"].flat().join(" | ");
    return (nameOf(part) ?? (full.format ? `${kind} (${full.format})` : kind)) + limits(full);
  }).join(" | ") + (schema.anyOf ? limits(schema) : "");
}

function inner(schema) {
  for (const part of alternatives(schema)) {
    const full = resolve(part);
    if (full.type === "array") return inner(full.items ?? {});
    if (full.properties) return full;
  }
  return null;
}

function fields(schema, depth = 0) {
  const required = new Set(schema.required ?? []);
  return el("div", { class: "rows" }, ...Object.entries(schema.properties).flatMap(([name, property]) => {
    const label = el("code", {}, name, required.has(name) ? el("b", { title: "required" }, " *") : "");
    const kind = el("span", { class: "kind" }, describe(property));
    const below = depth < DEPTH ? inner(property) : null;
    if (!below) return [label, kind];
    const more = el("details", {}, el("summary", {}, label, kind));
    more.addEventListener("toggle", () => more.childElementCount === 1 && more.append(fields(below, depth + 1)));
    return [more];
  }));
}

function content(holder) {
  return Object.entries(holder?.content ?? {}).map(([type, { schema }]) => {
    const below = inner(schema);
    return el("div", {}, el("span", { class: "kind" }, `${type}: ${describe(schema)}`), below ? fields(below) : null);
  });
}

function parameters(operation) {
  if (!operation.parameters.length) return [];
  return [el("h3", {}, "Parameters"), el("div", { class: "rows" }, ...operation.parameters.flatMap((each) => [
    el("code", {}, each.name, each.required ? el("b", {}, " *") : ""),
    el("span", { class: "kind" }, `${each.in}: ${describe(each.schema)}`),
  ]))];
}

function answers(operation) {
  return [el("h3", {}, "Answers"), el("div", { class: "rows" }, ...Object.entries(operation.responses).flatMap(
    ([status, response]) => [
      el("span", { class: "status " + (status < 300 ? "post" : "quiet") }, status),
      el("div", {}, el("span", { class: "quiet" }, response.description), ...(status < 300 ? content(response) : [])),
    ]))];
}

function tryIt(path, operation) {
  const output = el("pre", { hidden: true });
  const wanted = operation.parameters.filter((each) => each.in !== "header");
  const inputs = wanted.map((each) => el("label", {}, each.name, el("input", { name: each.name, required: each.required })));
  async function send(event) {
    event.preventDefault();
    const given = new FormData(event.target);
    let url = "/api" + path;
    const query = new URLSearchParams();
    for (const each of wanted) {
      const value = given.get(each.name);
      if (each.in === "path") url = url.replace(`{${each.name}}`, encodeURIComponent(value));
      else if (value) query.set(each.name, value);
    }
    const key = document.getElementById("key").value.trim();
    const answer = await fetch(query.size ? `${url}?${query}` : url, { headers: key ? { "x-api-key": key } : {} });
    const kind = answer.headers.get("content-type") ?? "";
    let text = `${kind || "no body"}`;
    if (kind.includes("json")) text = JSON.stringify(await answer.json(), null, 2);
    output.textContent = `${answer.status} ${answer.statusText}\n\n${text}`;
    output.hidden = false;
  }
  return [el("h3", {}, "Try it"), el("form", { onsubmit: send }, ...inputs, el("button", {}, "Send")), output];
}

function inside(method, path, operation) {
  const chips = [
    operation["x-immich-permission"] && "permission " + operation["x-immich-permission"],
    operation["x-immich-admin-only"] && "administrators only",
    !operation.security.length && "no sign-in needed",
    operation["x-plugin"] && "plugin " + operation["x-plugin"],
    operation.deprecated && "deprecated",
  ].filter(Boolean).map((text) => el("span", { class: "chip" }, text));
  const body = operation.requestBody ? [el("h3", {}, "Body"), ...content(operation.requestBody)] : [];
  return el("div", { class: "inside" }, operation.summary ? el("p", {}, operation.summary) : null,
    chips.length ? el("div", { class: "chips" }, ...chips) : null,
    ...parameters(operation), ...body, ...answers(operation), ...(method === "get" ? tryIt(path, operation) : []));
}

function card({ method, path, operation }) {
  const node = el("details", { class: "operation" + (operation.deprecated ? " old" : ""), id: operation.operationId },
    el("summary", {}, el("span", { class: "method " + method }, method.toUpperCase()),
      el("span", { class: "path" }, path), el("span", { class: "name" }, operation.operationId)));
  node.addEventListener("toggle", () => node.childElementCount === 1 && node.append(inside(method, path, operation)));
  return node;
}

function link({ method, path, operation }) {
  return el("a", { href: "#" + operation.operationId, title: path }, el("span", { class: "method " + method },
    method.toUpperCase()), el("span", {}, path));
}

function show() {
  const words = document.getElementById("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map(spec.tags.map(({ name }) => [name, []]));
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of METHODS.filter((each) => item[each])) {
      const operation = item[method];
      const text = [method, path, operation.operationId, operation.tags[0], operation["x-immich-permission"],
        operation["x-plugin"]].join(" ").toLowerCase();
      if (words.every((word) => text.includes(word))) groups.get(operation.tags[0]).push({ method, path, operation });
    }
  }
  const filled = [...groups].filter(([, each]) => each.length);
  document.getElementById("nav").replaceChildren(...filled.flatMap(([tag, each]) => [el("h2", {}, tag), ...each.map(link)]));
  document.getElementById("main").replaceChildren(...(filled.length
    ? filled.map(([tag, each]) => el("section", {}, el("h2", {}, tag), ...each.map(card)))
    : [el("p", { class: "quiet" }, "Nothing matches.")]));
}

function jump() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  document.querySelectorAll("nav a").forEach((each) => each.classList.toggle("here", each.hash === location.hash));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}

async function start() {
  spec = await (await fetch("/api/openapi.json")).json();
  document.getElementById("title").textContent = spec.info.title;
  document.getElementById("version").textContent = "API " + spec.info.version;
  show();
  jump();
  document.getElementById("search").addEventListener("input", show);
  addEventListener("hashchange", jump);
}

start();
