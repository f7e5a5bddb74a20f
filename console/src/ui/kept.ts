// What is being written is kept in this browser. One whose room is full keeps nothing, and says nothing: the page goes on.

export function keep(key: string, text: string) {
  try {
    if (text === "") localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // What was kept before is older than what is on the page.
    localStorage.removeItem(key);
  }
}
