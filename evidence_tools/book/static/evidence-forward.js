// A short address leads on with the part of the page that it names.
location.replace(document.querySelector('link[rel="canonical"]').href + location.search + location.hash);
