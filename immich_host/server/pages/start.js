"use strict";
async function call(method, path, body, token) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = "Bearer " + token;
  const response = await fetch("/api" + path, {
    method, headers, credentials: "omit", body: body ? JSON.stringify(body) : undefined,
  });
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) {
    const issues = (answer.errors || []).map((one) => one.path.join(".") + ": " + one.message);
    throw new Error([answer.message, ...issues].join(" · "));
  }
  return answer;
}
function wire(id, act) {
  const form = document.getElementById(id);
  const answer = form.parentElement.querySelector(".answer");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    answer.classList.remove("bad");
    try {
      answer.textContent = await act(Object.fromEntries(new FormData(form)));
    } catch (error) {
      answer.classList.add("bad");
      answer.textContent = error.message;
    }
    button.disabled = false;
  });
}
wire("sign-up", async ({ name, email, password }) => {
  await call("POST", "/auth/admin-sign-up", { name, email, password });
  for (const done of document.querySelectorAll("#first > :not(h2, .answer)")) done.remove();
  document.getElementById("key").classList.remove("hidden");
  return "The account is there: " + email + ". Sign in with it below, or in the app.";
});
wire("key", async ({ email, password, key }) => {
  const { accessToken } = await call("POST", "/auth/login", { email, password });
  try {
    const made = await call("POST", "/api-keys", { name: key, permissions: ["all"] }, accessToken);
    document.getElementById("new-key").textContent = made.secret;
  } finally {
    await call("POST", "/auth/logout", undefined, accessToken);
  }
  return "The key is in the command below. It is shown this once.";
});
