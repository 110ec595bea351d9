document.title = 'Fixture';
