// what one API process has changed holds in the others soon; how soon is not what these tests are about
export const soon = async (check) => {
  const until = Date.now() + 60000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
};
