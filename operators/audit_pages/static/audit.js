// Follows Airflow's light or dark theme; in a tab of its own, the system's. No page needs this.
(() => {
  const root = document.documentElement;
  const outer = () => {
    try {
      return window.parent !== window ? window.parent.document.documentElement : null;
    } catch {
      return null; // framed by something of another origin
    }
  };
  const follow = (element) => {
    const theme = ["dark", "light"].find(
      (name) => element.classList.contains(name) || element.dataset.theme === name,
    );
    if (theme) root.dataset.theme = theme;
  };
  const airflow = outer();
  if (!airflow) return;
  follow(airflow);
  new MutationObserver(() => follow(airflow)).observe(airflow, { attributes: true });
})();
