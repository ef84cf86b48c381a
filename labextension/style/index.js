import './batch.css';
import './diff.css';
import './desk.css';
