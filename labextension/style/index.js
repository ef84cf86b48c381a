import './batch.css';
import './diff.css';
import './history.css';
import './desk.css';
