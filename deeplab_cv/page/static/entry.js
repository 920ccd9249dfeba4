// The token of a link (what stands behind #) goes into a cookie that no script can read, and out of the address.

export async function enter() {
  const token = decoded(location.hash.slice(1));
  if (token) {
    history.replaceState(null, "", location.pathname + location.search);
    const answer = await fetch("/api/token", {method: "POST", body: JSON.stringify({token})});
    if (!answer.ok) return {role: null, why: (await answer.json()).error};
  }
  const {role} = await (await fetch("/api/role")).json();
  return {role, why: "This page opens with the link that the program printed."};
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    // A % that encodes nothing stands for itself.
    return text;
  }
}
