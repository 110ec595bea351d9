console.log('A command line.');
